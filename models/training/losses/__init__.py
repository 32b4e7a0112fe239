"""The losses of training, one a file; `models.training.objective` weighs and adds them.

Every loss is a mean over the whole batch in which a picture without a label counts as zero, so
that the mean of the losses of two half batches is the loss of the whole one.
"""
