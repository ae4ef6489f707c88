"""What a pod should be: a task's options, the template, the manifest built of both, its names."""
