import base64
from io import BytesIO

import socketio
from PIL import Image

# Create Socket.IO client
sio = socketio.Client()


@sio.on("frame")
def on_frame(data):
    """Handle incoming frame"""
    # Decode base64 JPEG
    img_data = base64.b64decode(data["image"])
    img = Image.open(BytesIO(img_data))

    # Display or process frame
    img.show()  # or save, analyze, etc.

    print(f"Frame {data['timestamp']}: {data['size']} bytes")


@sio.on("subscribed")
def on_subscribed(data):
    print(f"Subscribed to {data['session_id']}")
    print(f"FPS: {data['fps']}, Quality: {data['quality']}")


# Connect to server
sio.connect("http://localhost:5000")

# Subscribe to session
sio.emit("subscribe", {"session_id": "my_session"})

# Send input events
sio.emit("input:click", {"x": 100, "y": 200})

# Keep connection alive
try:
    sio.wait()
except KeyboardInterrupt:
    sio.disconnect()
