"""Feeds: cameras, streams, video files and folders of images; recordings, and a feed of our own."""
