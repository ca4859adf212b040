"""Addresses under /api/chat."""

from django.urls import path

from chat.api import views

app_name = "chat"
urlpatterns = [
    path("rooms", views.RoomsView.as_view(), name="rooms"),
    path("rooms/<uuid:room_id>", views.RoomView.as_view(), name="room"),
    path("rooms/<uuid:room_id>/messages", views.MessagesView.as_view(), name="messages"),
    path("tools", views.ToolsView.as_view(), name="tools"),
    path("personas", views.PersonasView.as_view(), name="personas"),
]
