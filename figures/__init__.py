"""Figures drawn from committed records; nothing here simulates."""
