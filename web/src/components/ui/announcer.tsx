import { useAnnouncements } from "@/lib/announce";

/** The live regions of the page. Each sentence is a new element, so that one that comes twice is heard twice. */
export function Announcer() {
  const { polite, assertive } = useAnnouncements();
  return (
    <>
      <div aria-live="polite" className="sr-only">
        <p key={polite.number}>{polite.text}</p>
      </div>
      <div aria-live="assertive" className="sr-only">
        <p key={assertive.number}>{assertive.text}</p>
      </div>
    </>
  );
}
