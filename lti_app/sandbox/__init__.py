"""The room sandbox."""
