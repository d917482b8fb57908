// Tells the platform that the registration is done, as LTI dynamic registration 1.0 asks.
"use strict";
document.getElementById("close").addEventListener("click", () => {
  (window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
});
