"""Documents -> who repeats whom."""
