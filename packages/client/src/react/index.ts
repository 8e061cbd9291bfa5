export { PortcullisProvider, useClient, useClientEvent } from './client-context.js';
export { TimeOutDialog, type TimeOutClasses, type TimeOutDialogProps, type TimeOutTexts } from './time-out-dialog.js';
export { useActivity, type Activity, type ActivityList } from './use-activity.js';
export { useDevices, type Device, type Devices } from './use-devices.js';
export { ReauthenticationCancelled, useReauthentication, type Reauthentication } from './use-reauthentication.js';
export { useServerNow } from './use-server-now.js';
export { useSession } from './use-session.js';
export { useTimeOutWarning, type TimeOutWarning } from './use-time-out-warning.js';
