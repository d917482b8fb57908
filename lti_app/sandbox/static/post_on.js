// The form of a launch posts itself; without JavaScript its button does.
document.getElementById("post-on").requestSubmit();
