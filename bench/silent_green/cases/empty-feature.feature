@shop/sell
Feature: Selling
