import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { reasonOf } from "@mediary/media/ui/states";
import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { type AuditFilter, auditPages } from "@/api/settings";
import type { AuditEntry } from "@/api/types";
import { actionWords, type Names, referenceWords } from "@/features/settings/auditWords";
import { saveText, toCsv } from "@/lib/csv";
import { settings as words } from "@/texts/settings";

const { audit: say } = words;
/** The most entries of one export: they are gathered in memory. */
const EXPORT_MAX = 20_000;

/** Saves what the filters show as a table for spreadsheets. */
export function AuditExport({ filter, names }: { filter: AuditFilter; names: Names }) {
  const [gathered, setGathered] = useState(0);
  const save = useMutation({
    mutationFn: async () => {
      const entries: AuditEntry[] = [];
      for await (const page of auditPages(filter, new AbortController().signal)) {
        entries.push(...page);
        setGathered(entries.length);
        if (entries.length >= EXPORT_MAX) return { entries: entries.slice(0, EXPORT_MAX), cut: true };
      }
      return { entries, cut: false };
    },
    onSuccess: ({ entries, cut }) => {
      saveText(
        say.fileName,
        "text/csv",
        toCsv([say.columns, ...entries.map((entry) => rowOf(entry, names))]),
      );
      if (cut) toast.warning(say.exportedMost(entries.length));
      else toast.success(say.exported(entries.length));
    },
    onError: (error) => toast.error(say.exportFailed(reasonOf(error))),
    onMutate: () => setGathered(0),
  });
  return (
    <Button variant="soft" disabled={save.isPending} onClick={() => save.mutate()}>
      {save.isPending ? <Spinner className="size-4" /> : <Download aria-hidden="true" className="size-4" />}
      {save.isPending ? say.exporting(gathered) : say.export}
    </Button>
  );
}

function rowOf({ createdAt, who, action, record, ip }: AuditEntry, names: Names): string[] {
  return [createdAt, who, referenceWords(who, names), actionWords(action), record ?? "", ip ?? ""];
}
