import "@/styles.css";
import { loadTexts } from "@/texts";

// Modules take their words as they are loaded: these have to be there first. Not awaited, as what is imported needs this module done.
void loadTexts().then(() => import("@/app/start"));
