"""The words of this project, checked by Vale."""
