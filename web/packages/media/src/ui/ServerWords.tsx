import { asSentence, withDates } from "../lib/sentence";
import { texts } from "../texts";

type ServerWordsProps = {
  /** By which the page's language may have words of its own. */
  code?: string | undefined;
  /** The server's own, in English. */
  sentence: string;
};

/** What the server says: in the page's language where that has words for its code, else as it is, marked as English. */
export function ServerWords({ code, sentence }: ServerWordsProps) {
  const { codes, serverSays } = texts.error;
  const own = codes?.[code ?? ""];
  if (own !== undefined || codes === null) return <bdi>{asSentence(withDates(own ?? sentence))}</bdi>;
  return (
    <>
      {serverSays}{" "}
      <bdi lang="en" dir="ltr">
        {asSentence(sentence)}
      </bdi>
    </>
  );
}
