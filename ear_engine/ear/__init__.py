"""The artificial ear: constant-Q scalogram, encoder, autoregressive network, contrastive predictive coding."""
