"""A real course as an LMS told it: one web-service call a line, and how it was made fit to be served again."""
