// Once the page is there: the components that need script.
import { ErrorSummary, ServiceNavigation, SkipLink, createAll } from "./govuk-frontend.min.js";

for (const component of [ErrorSummary, ServiceNavigation, SkipLink]) createAll(component);

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
