"""procure decides where a country or company buys its rare earths."""
