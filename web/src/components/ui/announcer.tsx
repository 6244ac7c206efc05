import { useAnnouncements } from "@/lib/announce";

/** The live regions of the page. Each sentence is a new element, so that one that comes twice is heard twice. */
export function Announcer() {
  const { polite, assertive } = useAnnouncements();
  return (
    <>
      <div role="log" aria-live="polite" aria-relevant="additions" className="sr-only">
        {polite.map(({ text, number }) => (
          <p key={number}>{text}</p>
        ))}
      </div>
      <div aria-live="assertive" aria-relevant="additions" className="sr-only">
        {assertive.map(({ text, number }) => (
          <p key={number}>{text}</p>
        ))}
      </div>
    </>
  );
}
