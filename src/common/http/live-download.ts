import { SetMetadata } from '@nestjs/common';

export const LIVE_DOWNLOAD = 'portcullis:live-download';

/**
 * On a private route that answers with a `StreamableFile` long enough for rights to change meanwhile: the answer breaks
 * off, so that it cannot pass for a whole one, as soon as a request with its token would be refused.
 */
export const LiveDownload = () => SetMetadata(LIVE_DOWNLOAD, true);
