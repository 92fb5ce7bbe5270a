"""The other side of the wire: a stand-in for WeChat and WeCom, with phones; knows nothing of our bot."""
