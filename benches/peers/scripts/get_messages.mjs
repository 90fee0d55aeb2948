// The tool `getMessages`, for every SDK: its arguments, and what it does for a caller's token.
import { z } from 'zod';
import { exchange } from './exchange.mjs';
import { graph } from './settings.mjs';

export const description = 'Reads the Microsoft 365 Message Center.';

export const input = {
  orderby: z.string().default('lastModifiedDateTime desc').describe('Order of the messages'),
  count: z.boolean().default(true).describe('Whether to count all messages that match'),
  prefer: z.string().default('odata.maxpagesize=5').describe('Page size'),
  top: z.number().int().min(0).optional().describe('At most so many messages'),
  skip: z.number().int().min(0).optional().describe('Leaves out so many messages'),
  filter: z.string().optional().describe('Which messages, in OData'),
};

// Asks Graph on behalf of the caller.
export async function ask({ orderby, count, prefer, top, skip, filter }, assertion) {
  const token = await exchange(assertion);
  const query = new URLSearchParams({ $orderby: orderby, $count: String(count) });
  for (const [name, value] of Object.entries({ $top: top, $skip: skip, $filter: filter })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return fetch(`${graph}/admin/serviceAnnouncement/messages?${query}`, {
    headers: { accept: 'application/json', prefer, authorization: `Bearer ${token}` },
  });
}

// Where people read a message.
export function page(id) {
  return `https://admin.microsoft.com/#/MessageCenter/:/messages/${id}`;
}

export function failure(status) {
  return { isError: true, content: [{ type: 'text', text: `Graph answered ${status}` }] };
}

export async function getMessages(given, assertion) {
  const answer = await ask(given, assertion);
  if (!answer.ok) return failure(answer.status);
  const body = await answer.json();
  for (const message of body.value ?? []) {
    message.url = page(message.id);
  }
  return { structuredContent: body, content: [{ type: 'text', text: JSON.stringify(body) }] };
}
