import { Get, Query, StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { AuditTrailService } from '../audit/audit-trail.service.js';
import { ApiRoute } from '../common/http/api-route.js';
import { LiveDownload } from '../common/http/live-download.js';
import { AuditEntryResponse, AuditListResponse, ExportAudit, ListAudit } from './admin-audit.dto.js';
import { AdminController } from './admin-controller.js';

@AdminController('audit')
export class AdminAuditController {
  constructor(private readonly trail: AuditTrailService) {}

  @Get()
  @ApiRoute({ summary: 'Who did what to whom, from where and why. The newest first.', answers: AuditListResponse })
  list(@Query({ schema: ListAudit }) query: ListAudit) {
    return this.trail.list(query);
  }

  @Get('export')
  @LiveDownload()
  @ApiRoute({
    summary: 'The same as JSON lines, the oldest first.',
    description: 'All that had happened when it was asked for. A connection that breaks off was not the end.',
    answers: AuditEntryResponse,
    streams: 'json-lines',
  })
  export(@Query({ schema: ExportAudit }) query: ExportAudit): StreamableFile {
    // Read only as fast as the client takes it.
    const lines = Readable.from(this.trail.exportLines(query), { objectMode: false });
    return new StreamableFile(lines, {
      type: 'application/x-ndjson; charset=utf-8',
      disposition: 'attachment; filename="audit.jsonl"',
    });
  }
}
