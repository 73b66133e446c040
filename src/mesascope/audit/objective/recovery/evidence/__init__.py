"""What an audit says of a recovered objective."""
