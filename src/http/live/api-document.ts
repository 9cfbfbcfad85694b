import { z } from 'zod';
import { ALERTS_PATH } from '../../sinks/alerts/alert-options.ts';
import { alertsAnswer, alertWebhook } from '../alert-route.ts';
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
    paths: { ...pathsOf(API_ROUTES), [ALERTS_PATH]: { post: alertsOperation() } },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        webhookToken: { type: 'http', scheme: 'bearer' },
      },
    },
    security: [{ token: [] }, {}],
  };
}

function pathsOf(routes: readonly ApiRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method ?? 'get']: operation(route) };
  }
  return paths;
}

function operation(route: ApiRoute): Json {
  const { path, method, summary, query, body, answer, status = 200 } = route;
  const { type = 'application/json' } = route;
  const name = path.replace(/^\/api\//, '').replace(/\W+/g, '_');
  const parameters = [...namesIn(path), ...(query === undefined ? [] : parametersOf(query))];
  const json = answer && { 'application/json': { schema: jsonSchema(answer) } };
  const content = status === 204 ? {} : { content: { [type]: { schema: {} }, ...json } };
  return {
    operationId: method === undefined ? name : `${method}_${name}`.replace(/_$/, ''),
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(body) } },
          },
        }),
    responses: { [status]: { description: 'What is known now.', ...content }, ...faults(route) },
  };
}

function jsonSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { target: 'openapi-3.0' });
}

function faults({ path, query, body, method }: ApiRoute): Json {
  const isWrong = query !== undefined || body !== undefined;
  const isMissing =
    /^.api.(spikes|incident)$/.test(path) || /^.api.(replays|reports|comp)/.test(path);
  const isFull =
    /\/live$|^.api.(reports|comp)/.test(path) || (path === '/api/replays' && method === 'post');
  return {
    ...(isWrong ? { 400: { description: 'A parameter is wrong: which.' } } : {}),
    401: { description: 'Needs the token.' },
    ...(isMissing ? { 404: { description: 'There is none of that name.' } } : {}),
    ...(isFull ? { 503: { description: 'As many as may be are open.' } } : {}),
  };
}

/** What stands in a path between braces. */
function namesIn(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
}

function alertsOperation(): Json {
  const schema = (of: z.ZodType, io: 'input' | 'output') =>
    z.toJSONSchema(of, { target: 'openapi-3.0', io });
  const json = (of: Json) => ({ content: { 'application/json': { schema: of } } });
  return {
    operationId: 'alerts',
    summary:
      "For Alertmanager's webhook; there where alerts.webhook_token_file is set. Answered when " +
      'the alerts are on NATS, or in its stream.',
    security: [{ webhookToken: [] }],
    requestBody: { required: true, ...json(schema(alertWebhook, 'input')) },
    responses: {
      200: { description: 'They are kept.', ...json(schema(alertsAnswer, 'output')) },
      400: { description: 'It is not what Alertmanager sends: which field.' },
      401: { description: 'Needs the token of alerts.webhook_token_file.' },
      413: { description: 'More than 1 MiB.' },
      503: { description: 'They are not kept: send them again.' },
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
