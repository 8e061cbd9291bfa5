import type { ReactNode } from 'react';

/** Drawn for a 24 px grid with a 1.75 px line, in the colour of the text; beside words, so hidden from screen readers. */
function icon(shape: ReactNode) {
  return function Icon({ className = 'icon' }: { className?: string }) {
    return (
      <svg
        className={className}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {shape}
      </svg>
    );
  };
}

export const DesktopIcon = icon(
  <>
    <rect x="3" y="4.5" width="18" height="12" rx="1.75" />
    <path d="M9 20h6M12 16.5V20" />
  </>,
);

export const MobileIcon = icon(
  <>
    <rect x="7" y="2.75" width="10" height="18.5" rx="2.25" />
    <path d="M11 18.25h2" />
  </>,
);

export const TabletIcon = icon(
  <>
    <rect x="4.75" y="3" width="14.5" height="18" rx="2" />
    <path d="M10.75 18h2.5" />
  </>,
);

export const TerminalIcon = icon(
  <>
    <rect x="3" y="4.5" width="18" height="15" rx="1.75" />
    <path d="m7.5 9.5 3 2.75-3 2.75M13 15h3.5" />
  </>,
);

export const DevicesIcon = icon(
  <>
    <path d="M12.5 17.5H4.75A1.75 1.75 0 0 1 3 15.75v-9A1.75 1.75 0 0 1 4.75 5h12.5A1.75 1.75 0 0 1 19 6.75V8M7 20.5h5.5" />
    <rect x="15" y="10.5" width="6.5" height="10.5" rx="1.5" />
  </>,
);

export const ShieldIcon = icon(
  <>
    <path d="M12 3 4.75 5.75v5.5c0 4.4 3 7.9 7.25 9.75 4.25-1.85 7.25-5.35 7.25-9.75v-5.5L12 3Z" />
    <path d="m9 11.75 2.25 2.25L15.25 10" />
  </>,
);

export const ActivityIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.75" />
    <path d="M12 7v5.25l3.5 2" />
  </>,
);

export const PersonIcon = icon(
  <>
    <circle cx="12" cy="8" r="4" />
    <path d="M4.5 20.5c.9-3.7 3.8-5.75 7.5-5.75s6.6 2.05 7.5 5.75" />
  </>,
);

export const PencilIcon = icon(
  <path d="m4 20 .9-4L16 4.9a1.7 1.7 0 0 1 2.4 0l.7.7a1.7 1.7 0 0 1 0 2.4L8 19.1 4 20Z" />,
);

export const SignInIcon = icon(
  <path d="M14 4h3.75A1.75 1.75 0 0 1 19.5 5.75v12.5A1.75 1.75 0 0 1 17.75 20H14M4 12h10.5M11 8.25 14.75 12 11 15.75" />,
);

export const SignOutIcon = icon(
  <path d="M10 4H6.25A1.75 1.75 0 0 0 4.5 5.75v12.5C4.5 19.2 5.3 20 6.25 20H10M9.5 12H20M16.25 8.25 20 12l-3.75 3.75" />,
);

export const KeyIcon = icon(
  <>
    <circle cx="8" cy="15.5" r="4.25" />
    <path d="m11.25 12.5 8.5-8.5M16 7.75l3 3" />
  </>,
);

export const AlarmIcon = icon(<path d="M12 4 2.75 19.75h18.5L12 4ZM12 10v4.25M12 17h.01" />);

export const InfoIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.75" />
    <path d="M12 11v5.25M12 7.75h.01" />
  </>,
);

export const CheckIcon = icon(<path d="m5 12.75 4.5 4.5L19 7.25" />);

export const CrossIcon = icon(<path d="m6 6 12 12M18 6 6 18" />);

export const EyeIcon = icon(
  <>
    <path d="M2.75 12C4.6 8.2 8 6 12 6s7.4 2.2 9.25 6c-1.85 3.8-5.25 6-9.25 6s-7.4-2.2-9.25-6Z" />
    <circle cx="12" cy="12" r="2.75" />
  </>,
);

export const EyeOffIcon = icon(
  <>
    <path d="M2.75 12C4.6 8.2 8 6 12 6s7.4 2.2 9.25 6c-1.85 3.8-5.25 6-9.25 6s-7.4-2.2-9.25-6Z" />
    <path d="m4.5 19.5 15-15" />
  </>,
);

export const OfflineIcon = icon(
  <path d="M3.5 9.5a13 13 0 0 1 5-2.9M20.5 9.5a13 13 0 0 0-8.25-3.75M6.75 13.25a8 8 0 0 1 3.5-2M17.25 13.25a8 8 0 0 0-2-1.35M10 16.75a3.4 3.4 0 0 1 4 0M12 20h.01M4 4l16 16" />,
);

/** A lowered gate with its spikes: the mark of the product. */
export function Mark({ className = 'mark' }: { className?: string }) {
  return (
    <svg className={className} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path
        className="mark-wall"
        d="M3 13C3 6.6 8.6 2 16 2s13 4.6 13 11v14.5a2.5 2.5 0 0 1-2.5 2.5h-21A2.5 2.5 0 0 1 3 27.5V13Z"
      />
      <path
        className="mark-bars"
        d="M10 8.5V25M16 6.5V25M22 8.5V25M7 13h18M7 19h18"
        fill="none"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
