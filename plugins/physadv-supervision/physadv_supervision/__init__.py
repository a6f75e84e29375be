"""Converters to supervision's detections and to COCO files, which FiftyOne reads. Importing this imports no torch."""
