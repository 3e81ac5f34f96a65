//! Subtitle and word-timing formats: readers, writers and cue segmentation.
