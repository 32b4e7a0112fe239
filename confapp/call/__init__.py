"""One WebRTC session between two peers: channels, heartbeat, statistics, signaling client."""
