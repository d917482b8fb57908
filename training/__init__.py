"""How the detector's weights are made: not part of the product, which never imports it."""
