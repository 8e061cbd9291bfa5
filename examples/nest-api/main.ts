// A Nest application of its own that accepts the access tokens of Portcullis: npm run example:nest
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, new FastifyAdapter());
// SIGTERM ends it, and the verifier with it.
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 8080);
console.log(`The API is at http://localhost:${new URL(await app.getUrl()).port}`);
