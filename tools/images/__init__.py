"""The images: building them on real or stand-in bases, and publishing Meltano's."""
