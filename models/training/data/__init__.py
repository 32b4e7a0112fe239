"""Training data: shards, sampling, augmentation, batches."""
