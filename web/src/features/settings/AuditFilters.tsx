import { SelectField, TextField } from "@/components/ui/field";
import type { AuditSearch } from "@/features/settings/auditSearch";
import type { Names } from "@/features/settings/auditWords";
import { settings as words } from "@/texts/settings";

const { audit: say } = words;

type FiltersProps = { search: AuditSearch; names: Names; onChange: (search: AuditSearch) => void };

export function AuditFilters({ search, names, onChange }: FiltersProps) {
  const set = (name: keyof AuditSearch, value: string) => {
    const { [name]: _, ...rest } = search;
    onChange(value === "" ? rest : { ...rest, [name]: value });
  };
  const people = [...names].filter(([reference]) => !reference.startsWith("account:"));
  return (
    <search aria-label={say.filters} className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <SelectField
        label={say.action}
        value={search.action ?? ""}
        onChange={({ target }) => set("action", target.value)}
      >
        <option value="">{say.anyAction}</option>
        {Object.entries(say.actions).map(([action, text]) => (
          <option key={action} value={action}>
            {text}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={say.who}
        value={search.who ?? ""}
        onChange={({ target }) => set("who", target.value)}
      >
        <option value="">{say.anybody}</option>
        {people.map(([reference, name]) => (
          <option key={reference} value={reference}>
            {name}
          </option>
        ))}
        <option value="command_line">{say.commandLine}</option>
        <option value="link">{say.link}</option>
      </SelectField>
      <TextField
        name="from"
        type="date"
        label={say.from}
        value={search.from ?? ""}
        max={search.to}
        onChange={({ target }) => set("from", target.value)}
      />
      <TextField
        name="to"
        type="date"
        label={say.to}
        value={search.to ?? ""}
        min={search.from}
        onChange={({ target }) => set("to", target.value)}
      />
    </search>
  );
}
