"""Builds a pod as a value: from a task's options and the template to the manifest and its names."""
