// Before anything is drawn: says that there is script, and whether the components' script can run.
document.body.className += " js-enabled" + ("noModule" in HTMLScriptElement.prototype ? " govuk-frontend-supported" : "");
