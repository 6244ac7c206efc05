import { Button } from "@mediary/media/ui/button";
import type { ReactNode } from "react";
import { useRef } from "react";
import { TextField } from "@/components/ui/field";
import { settings as words } from "@/texts/settings";

/** Letters and digits of a verify token that is made up here. */
const LENGTH = 32;

/** The word that Meta has to give back when it looks at the webhook's address: no secret among the two who set it. */
export function VerifyTokenField({ error, hint }: { error?: ReactNode; hint?: string }) {
  const input = useRef<HTMLInputElement>(null);
  const makeUp = () => {
    if (input.current === null) return;
    input.current.value = [...crypto.getRandomValues(new Uint8Array(LENGTH / 2))]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
    input.current.focus();
  };
  return (
    <div className="flex flex-wrap items-start gap-2">
      <TextField
        ref={input}
        name="verifyToken"
        label={words.newAccount.verifyToken}
        hint={hint ?? words.newAccount.verifyTokenHint}
        error={error}
        dir="ltr"
        spellCheck={false}
        className="min-w-56 flex-1"
      />
      <Button variant="soft" className="min-h-10 sm:mt-6.5" onClick={makeUp}>
        {words.newAccount.generate}
      </Button>
    </div>
  );
}
