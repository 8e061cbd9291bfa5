import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

import { Public } from '../common/access.js';
import { ApiReference } from './api-reference.js';
import { docsStyle } from './docs-style.js';
import { errorsPage } from './errors-page.js';

/** Changes with a release only, and a stale page for some minutes harms nobody. */
const cacheControl = 'public, max-age=300';
const htmlType = 'text/html; charset=utf-8';

@Public()
@ApiExcludeController()
@Controller()
export class DocsController {
  private readonly errors = errorsPage().text;

  constructor(private readonly reference: ApiReference) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', cacheControl)
  openapi(): string {
    return this.reference.json();
  }

  @Get('docs')
  @Header('content-type', htmlType)
  @Header('cache-control', cacheControl)
  docs(): string {
    return this.reference.html();
  }

  @Get('docs/errors')
  @Header('content-type', htmlType)
  @Header('cache-control', cacheControl)
  errorCodes(): string {
    return this.errors;
  }

  @Get('docs/style.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', cacheControl)
  style(): string {
    return docsStyle;
  }
}
