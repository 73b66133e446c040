"""The rows of the catalogue, one module for each part of the paper: add a row there."""
