// The choice was made in a frame: let the page around it show the course again.
setTimeout(() => document.getElementById("to-course").click(), 900);
