"""How panels look: dark, quiet, and to be read from a step away."""

from __future__ import annotations

from imgui_bundle import imgui


def dress(style: imgui.Style, scale: float) -> None:
    """Give a style its colors and distances; ``scale``: how much larger than usual letters are."""
    color, c = style.set_color_, imgui.Col_
    for place, rgba in {
        c.window_bg: (0.035, 0.04, 0.05, 0.88),
        c.child_bg: (0.0, 0.0, 0.0, 0.0),
        c.popup_bg: (0.05, 0.055, 0.07, 0.97),
        c.border: (1.0, 1.0, 1.0, 0.07),
        c.text: (0.86, 0.88, 0.91, 1.0),
        c.text_disabled: (0.55, 0.59, 0.65, 1.0),
        c.frame_bg: (1.0, 1.0, 1.0, 0.07),
        c.frame_bg_hovered: (1.0, 1.0, 1.0, 0.12),
        c.frame_bg_active: (1.0, 1.0, 1.0, 0.16),
        c.slider_grab: (0.19, 0.35, 0.46, 1.0),
        c.slider_grab_active: (0.36, 0.62, 0.78, 1.0),
        c.check_mark: (0.56, 0.82, 0.96, 1.0),
        c.button: (1.0, 1.0, 1.0, 0.08),
        c.button_hovered: (0.36, 0.62, 0.78, 0.45),
        c.button_active: (0.36, 0.62, 0.78, 0.8),
        c.header: (0.36, 0.62, 0.78, 0.32),
        c.header_hovered: (0.36, 0.62, 0.78, 0.22),
        c.header_active: (0.36, 0.62, 0.78, 0.5),
        c.tab: (0.0, 0.0, 0.0, 0.0),
        c.tab_hovered: (0.36, 0.62, 0.78, 0.35),
        c.tab_selected: (1.0, 1.0, 1.0, 0.1),
        c.tab_selected_overline: (0.56, 0.82, 0.96, 1.0),
        c.separator: (1.0, 1.0, 1.0, 0.07),
        c.scrollbar_bg: (0.0, 0.0, 0.0, 0.0),
        c.scrollbar_grab: (1.0, 1.0, 1.0, 0.12),
        c.plot_lines: (0.56, 0.82, 0.96, 1.0),
        c.resize_grip: (0.0, 0.0, 0.0, 0.0),
    }.items():
        color(place, imgui.ImVec4(*rgba))
    style.window_rounding = style.child_rounding = 0.0
    style.frame_rounding = style.grab_rounding = style.tab_rounding = 2.0 * scale
    style.window_border_size = style.frame_border_size = style.child_border_size = 0.0
    style.window_padding = imgui.ImVec2(10.0 * scale, 8.0 * scale)
    style.frame_padding = imgui.ImVec2(6.0 * scale, 2.0 * scale)
    style.item_spacing = imgui.ImVec2(6.0 * scale, 4.0 * scale)
    style.item_inner_spacing = imgui.ImVec2(5.0 * scale, 3.0 * scale)
    style.scrollbar_size = 8.0 * scale
    style.grab_min_size = 6.0 * scale
