import { z } from 'zod';
import { API_ROUTES, type ApiRoute } from './api.ts';

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI document, made of the schemas that requests are checked against. */
export function apiDocument(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Spikescope',
      version,
      description:
        'All that the live page shows. With a token, requests carry it as "Authorization: ' +
        'Bearer …". Names in answers come from the network as they are: they are text.',
    },
    paths: Object.fromEntries(API_ROUTES.map((route) => [route.path, { get: operation(route) }])),
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }, {}],
  };
}

function operation({ path, summary, query, answer, type = 'application/json' }: ApiRoute): Json {
  const schema = answer === undefined ? {} : z.toJSONSchema(answer, { target: 'openapi-3.0' });
  return {
    operationId: path.replace(/^\/api\//, '').replace(/\W/g, '_'),
    summary,
    ...(query === undefined ? {} : { parameters: parametersOf(query) }),
    responses: {
      200: { description: 'What is known now.', content: { [type]: { schema } } },
      ...(query === undefined ? {} : { 400: { description: 'A parameter is wrong: which.' } }),
      401: { description: 'Needs the token.' },
      ...(path === '/api/spikes' ? { 404: { description: 'No such population.' } } : {}),
      ...(path === '/api/live' ? { 503: { description: 'Too many clients.' } } : {}),
    },
  };
}

function parametersOf(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as Json;
    // A coerced number is a number on the wire's other side.
    const isNumber = 'minimum' in schema || 'maximum' in schema;
    return {
      ...{ name, in: 'query', required: required.includes(name), description },
      schema: isNumber && !('type' in schema) ? { ...schema, type: 'number' } : schema,
    };
  });
}
