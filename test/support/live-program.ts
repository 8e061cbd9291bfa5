import { AppModule } from '../../src/app.module.js';
import { LiveGatewaysModule } from './live-gateways.js';

/** The service as it is shipped, with a WebSocket gateway: as an application built on it would add one to its modules. */
const register = AppModule.register.bind(AppModule);
AppModule.register = (config, extras = {}) => {
  return register(config, { ...extras, imports: [...(extras.imports ?? []), LiveGatewaysModule] });
};

await import('../../src/main.js');
