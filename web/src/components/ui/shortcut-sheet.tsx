import { Dialog } from "@/components/ui/dialog";
import { texts } from "@/texts";

/** Every key, and where it holds. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={texts.shortcuts.title} onClose={onClose}>
      {texts.shortcuts.groups.map(({ where, items }) => (
        <section key={where} className="mb-4 last:mb-0">
          <h3 className="mb-1 font-semibold text-muted text-xs">{where}</h3>
          <dl className="divide-y divide-line">
            {items.map(({ keys, text }) => (
              <div key={text} className="flex items-center justify-between gap-4 py-1.5">
                <dt>{text}</dt>
                <dd className="flex shrink-0 gap-1.5">
                  {keys.map((key) => (
                    <kbd
                      key={key}
                      className="min-w-7 rounded-md border border-line bg-sunken px-1.5 py-0.5 text-center font-sans text-muted text-xs"
                    >
                      {key}
                    </kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
