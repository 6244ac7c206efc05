/** The same as `favicon.svg`, which the browser fetches for itself. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className={className}>
      <rect width="32" height="32" rx="9" fill="#0f766e" />
      <path
        d="M8 11.5A3.5 3.5 0 0 1 11.5 8h9a3.5 3.5 0 0 1 3.5 3.5v6a3.5 3.5 0 0 1-3.5 3.5H15l-4.3 3.3c-.6.5-1.2.1-1.2-.6V20.700A3.500 3.500 0 0 1 8 17.500z"
        fill="#fff"
      />
      <path d="m11.500 17.800 2.900-3.700 2.100 2.500 1.500-1.700 2.600 2.900z" fill="#0f766e" />
      <circle cx="19" cy="11.900" r="1.200" fill="#0f766e" />
    </svg>
  );
}
