"""The bundled portfolio models, one TOML file each."""
