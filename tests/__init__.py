"""Tests of the pipeline, through its public functions and its command line."""
