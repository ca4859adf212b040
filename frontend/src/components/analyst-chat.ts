// <analyst-chat>: ask, watch the answer being written, see which figures it stands on.
import * as api from '../lib/api.ts';
import { theDesk } from '../lib/desk.ts';
import { announce, el, icon, setText } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { randomId } from '../lib/ids.ts';
import { render } from '../lib/markdown.ts';
import type { ChatMessage, Frame, Room, ToolCall } from '../lib/types.ts';
import { toolText } from '../lib/words.ts';
import { toolCard } from './tool-card.ts';

const DONE = new Set(['COMPLETED', 'COMPLETE', 'DONE', 'SENT', 'FAILED', 'CANCELED', 'CANCELLED']);
const ROOM_KEY = 'chat.room';

interface Bubble {
  root: HTMLElement;
  text: HTMLElement;
  tools: HTMLElement;
  note: HTMLElement;
  content: string;
  status: string;
}

export class AnalystChat extends HTMLElement {
  private desk = theDesk();
  private room: Room | null = null;
  private hasRooms = false;
  private leave: (() => void) | null = null;
  private bubbles = new Map<string, Bubble>();
  private log = el('div', { class: 'chat-log', role: 'log', 'aria-live': 'polite', tabindex: '0' });
  private rooms = el('select', { 'aria-label': _('Conversation'), hidden: true });
  private input = el('textarea', {
    id: 'chat-input',
    rows: '1',
    maxlength: '4000',
    'aria-label': _('Your question'),
    placeholder: _('Ask the analyst…'),
  });
  private sendButton = el('button', { type: 'submit', class: 'button primary round', 'aria-label': _('Send') });
  private stopButton = el('button', { type: 'button', class: 'button round', 'aria-label': _('Stop'), hidden: true });
  private writing: string | null = null;

  connectedCallback(): void {
    this.log.setAttribute('aria-label', _('Conversation with the analyst'));
    this.sendButton.append(icon('send'));
    this.stopButton.append(icon('stop'));
    const fresh = el('button', { type: 'button', class: 'button small' }, _('New chat'));
    const form = el('form', { class: 'chat-form' }, this.input, this.stopButton, this.sendButton);
    this.append(el('div', { class: 'panel-tools' }, this.rooms, fresh), this.log, form);
    fresh.addEventListener('click', () => this.begin());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.ask(this.input.value);
    });
    this.input.addEventListener('keydown', (event) => this.pressed(event));
    this.input.addEventListener('input', () => this.grow());
    this.stopButton.addEventListener('click', () => void this.stop());
    this.rooms.addEventListener('change', () => void this.open(this.rooms.value));
    this.desk.question.watch((question) => {
      if (question) void this.ask(question);
    });
    this.desk.symbol.watch(() => {
      if (!this.bubbles.size) this.begin(false);
    });
    window.addEventListener('line-recovered', () => {
      if (!this.hasRooms) void this.load();
    });
    void this.load();
  }

  private async load(): Promise<void> {
    this.begin(false);
    try {
      const rooms = await api.getList<Room>('/api/chat/rooms');
      this.hasRooms = true;
      this.listRooms(rooms);
      const saved = window.localStorage.getItem(ROOM_KEY);
      const last = rooms.find((one) => one.id === saved);
      if (last) await this.open(last.id);
    } catch (error) {
      this.log.replaceChildren(el('p', { class: 'empty' }, api.explained(error)));
    }
  }

  private listRooms(rooms: Room[]): void {
    this.rooms.replaceChildren(
      el('option', { value: '' }, _('New conversation')),
      ...rooms.map((one) => el('option', { value: one.id }, one.title || _('Untitled'))),
    );
    this.rooms.hidden = !rooms.length;
    this.rooms.value = this.room?.id ?? '';
  }

  /** An empty conversation; its room is made with the first question. */
  private begin(focus = true): void {
    this.leave?.();
    this.leave = null;
    this.room = null;
    this.bubbles.clear();
    this.busy(null);
    this.rooms.value = '';
    window.localStorage.removeItem(ROOM_KEY);
    this.log.replaceChildren(this.welcome());
    if (focus) this.input.focus();
  }

  private welcome(): HTMLElement {
    const symbol = this.desk.symbol.value;
    const questions = [
      _('How has {symbol} moved this month?', { symbol }),
      _('Is {symbol} overbought? Show RSI and MACD.', { symbol }),
      _('What is the 95% value at risk of {symbol}?', { symbol }),
      _('How is my portfolio doing?'),
    ];
    const chips = questions.map((text) => {
      const chip = el('button', { type: 'button', class: 'chip' }, text);
      chip.addEventListener('click', () => void this.ask(text));
      return chip;
    });
    return el(
      'div',
      { class: 'chat-welcome' },
      el('p', {}, _('The analyst answers with computed figures and names the source of each.')),
      el('div', { class: 'chips' }, ...chips),
    );
  }

  private async open(id: string): Promise<void> {
    this.begin(false);
    if (!id) return;
    const title = this.rooms.querySelector<HTMLOptionElement>(`option[value="${CSS.escape(id)}"]`);
    this.enter({ id, title: title?.textContent ?? '' });
    await this.reload();
  }

  private enter(room: Room): void {
    this.room = room;
    this.rooms.value = room.id;
    window.localStorage.setItem(ROOM_KEY, room.id);
    const stream = `chat:${room.id}`;
    this.leave = this.desk.socket.join(
      stream,
      (frame) => this.arrived(frame),
      () => void this.reload(),
    );
  }

  private async reload(): Promise<void> {
    const room = this.room;
    if (!room) return;
    try {
      const path = `/api/chat/rooms/${room.id}/messages?limit=100`;
      const messages = await api.getList<ChatMessage>(path);
      if (room !== this.room) return;
      messages.sort((a, b) => a.created_at.localeCompare(b.created_at));
      this.log.replaceChildren();
      this.bubbles.clear();
      for (const message of messages) this.put(message);
      if (!messages.length) this.log.replaceChildren(this.welcome());
      this.toEnd(true);
    } catch (error) {
      announce(api.explained(error), 'bad');
    }
  }

  private async ask(question: string): Promise<void> {
    const content = question.trim();
    if (!content || this.writing) return;
    this.input.value = '';
    this.grow();
    const clientId = randomId();
    try {
      if (!this.room) await this.makeRoom(content);
      const mine = this.bubble(clientId, 'user');
      this.write(mine, content);
      this.toEnd(true);
      this.busy('…');
      const path = `/api/chat/rooms/${this.room?.id}/messages`;
      const body = { client_message_id: clientId, content };
      const kept = await api.call<{ id: string }>('POST', path, { body });
      this.rename(clientId, kept.id);
    } catch (error) {
      this.busy(null);
      this.bubbles.get(clientId)?.root.remove();
      this.bubbles.delete(clientId);
      this.input.value = content;
      announce(api.explained(error), 'bad');
    }
  }

  private async makeRoom(question: string): Promise<void> {
    const title = question.length > 40 ? `${question.slice(0, 39)}…` : question;
    const room = await api.call<Room>('POST', '/api/chat/rooms', { body: { title } });
    this.log.replaceChildren();
    this.rooms.append(el('option', { value: room.id }, room.title || title));
    this.rooms.hidden = false;
    this.enter(room);
  }

  private rename(from: string, to: string): void {
    const bubble = this.bubbles.get(from);
    if (!bubble || from === to) return;
    this.bubbles.delete(from);
    const twin = this.bubbles.get(to);
    if (twin) bubble.root.remove();
    else this.bubbles.set(to, bubble);
  }

  private bubble(id: string, role: string): Bubble {
    const known = this.bubbles.get(id);
    if (known) return known;
    this.log.querySelector('.chat-welcome')?.remove();
    const bubble: Bubble = {
      root: el('article', { class: `bubble bubble-${role.toLowerCase()}`, 'data-message': id }),
      text: el('div', { class: 'bubble-text' }),
      tools: el('div', { class: 'bubble-tools' }),
      note: el('p', { class: 'bubble-note muted', hidden: true }),
      content: '',
      status: 'PENDING',
    };
    bubble.root.append(bubble.tools, bubble.text, bubble.note);
    this.log.append(bubble.root);
    this.bubbles.set(id, bubble);
    return bubble;
  }

  private write(bubble: Bubble, content: string): void {
    bubble.content = content;
    bubble.text.replaceChildren(render(content));
  }

  private put(message: ChatMessage): void {
    const role = message.role.toLowerCase();
    const bubble = this.bubble(message.id, role);
    this.write(bubble, message.content);
    bubble.tools.replaceChildren(...(message.tool_calls ?? []).map((call) => toolCard(call)));
    this.statusOf(message.id, bubble, message.status, role);
  }

  private statusOf(id: string, bubble: Bubble, status: string, role = 'assistant'): void {
    bubble.status = status;
    const failed = status === 'FAILED';
    const stopped = status.startsWith('CANCEL');
    bubble.note.hidden = !failed && !stopped;
    if (failed) setText(bubble.note, _('The answer failed. Please ask again.'));
    else setText(bubble.note, stopped ? _('Stopped.') : '');
    if (role === 'user') return;
    bubble.root.classList.toggle('writing', !DONE.has(status));
    if (DONE.has(status)) this.busy(null);
    else this.busy(id);
  }

  private arrived(frame: Frame): void {
    const data = frame.data as Record<string, unknown> & { kind?: string };
    const id = String(data['message_id'] ?? '');
    if (data.kind === 'message') this.rename(String(data['client_message_id']), String(data['id']));
    if (data.kind === 'delta') this.delta(id, String(data['text'] ?? ''));
    else if (data.kind === 'tool') this.tool(id, data as unknown as ToolCall);
    else if (data.kind === 'message') this.put(data as unknown as ChatMessage);
    else if (data.kind === 'status') this.status(id, String(data['status'] ?? ''));
    this.toEnd(false);
  }

  private delta(id: string, text: string): void {
    const bubble = this.bubble(id, 'assistant');
    this.busy(id);
    bubble.root.classList.add('writing');
    bubble.note.hidden = true;
    this.write(bubble, bubble.content + text);
  }

  private tool(id: string, call: ToolCall): void {
    const bubble = this.bubble(id, 'assistant');
    this.busy(id);
    bubble.root.classList.add('writing');
    if (call.result) bubble.tools.append(toolCard(call));
    else {
      bubble.note.hidden = false;
      setText(bubble.note, _('Computing: {tool}…', { tool: toolText(call.tool) }));
    }
  }

  private status(id: string, status: string): void {
    if (status === 'STREAMING') {
      const started = this.bubble(id, 'assistant');
      this.write(started, '');
      started.tools.replaceChildren();
    }
    const bubble = this.bubbles.get(id);
    if (bubble) {
      const role = bubble.root.classList.contains('bubble-user') ? 'user' : 'assistant';
      this.statusOf(id, bubble, status, role);
    }
    if (status === 'FAILED' || status.startsWith('CANCEL')) this.busy(null);
  }

  private busy(id: string | null): void {
    this.writing = id;
    this.stopButton.hidden = id === null;
    this.sendButton.hidden = id !== null;
    this.log.classList.toggle('thinking', id === '…');
  }

  private async stop(): Promise<void> {
    const id = this.writing;
    if (id && id !== '…') this.desk.socket.send({ type: 'cancel', message_id: id });
  }

  private toEnd(force: boolean): void {
    const gap = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight;
    if (force || gap < 160) this.log.scrollTop = this.log.scrollHeight;
  }

  private pressed(event: KeyboardEvent): void {
    // While a Korean syllable is being composed, Enter belongs to the input method.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.ask(this.input.value);
  }

  private grow(): void {
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(this.input.scrollHeight, 140)}px`;
  }
}

customElements.define('analyst-chat', AnalystChat);
