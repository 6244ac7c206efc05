import { useEffect, useState } from "react";

/** The current time, fresh once a minute, so that "Today" becomes "Yesterday" in a window left open. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
