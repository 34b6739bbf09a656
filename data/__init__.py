"""The facts: one CSV file per table, described by datapackage.json."""
