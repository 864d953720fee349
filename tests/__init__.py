"""Tests of what the pipeline promises, through its public functions and its command line."""
