// Runs before the first paint, so that a chosen theme never flashes, and no page turns around. A file of its own because the page allows no inline scripts.
{
  const LANGUAGES = ["en", "es", "pt", "ar", "hi"];
  const recall = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // Storage may be blocked; the system's choices are then used.
    }
  };
  const root = document.documentElement;
  const script = document.currentScript;

  const theme = recall("mediary.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const wanted = [recall("mediary.language") ?? "", ...navigator.languages].map((tag) => tag.split("-")[0]);
  const language = wanted.find((tag) => LANGUAGES.includes(tag)) ?? "en";
  root.lang = language;
  root.dir = language === "ar" ? "rtl" : "ltr";

  // The build says where each language's sentences are: they come in beside the program.
  const texts = script?.dataset[language];
  if (texts) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "modulepreload", crossOrigin: "", href: texts });
    document.head.append(link);
  }
}
